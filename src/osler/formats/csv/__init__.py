"""A search as a table for people: one row a record, columns with names, dates, codes and values as one reads them.

The file begins with a byte order mark: without it the most used spreadsheet takes UTF-8 for an old code page and mangles names;
programs that read tables skip it. Lines end as RFC 4180 has it. https://www.rfc-editor.org/rfc/rfc4180
"""

from osler.formats.csv.table import table

__all__ = ["table"]
