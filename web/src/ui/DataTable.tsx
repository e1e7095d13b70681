import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef, type ReactNode } from "react";

import { cx } from "./cx.ts";

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  align?: "right";
  /** A fixed width such as `7rem`; without one the column takes what is left. */
  width?: string;
  /** Left out where the screen is narrow; the row still names what it is. */
  hide?: "sm" | "md" | "lg";
  rowHeader?: boolean;
  className?: string;
}

interface DataTableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** All rows there are, when not all are loaded yet. */
  total?: number;
  muted?: (row: Row) => boolean;
  onEndReached?: () => void;
}

/** By the width of the table, not of the window: panels beside it take their share. */
const hidden = { sm: "@max-[32rem]:hidden", md: "@max-[44rem]:hidden", lg: "@max-[58rem]:hidden" } as const;
const VIRTUAL_FROM = 80;

/**
 * A real table with headers that also scrolls through thousands of rows: only the rows in view are in the document,
 * and `aria-rowcount` tells how many there are.
 */
export function DataTable<Row>({ caption, columns, rows, rowKey, total, muted, onEndReached }: DataTableProps<Row>) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = rows.length >= VIRTUAL_FROM;
  const virtualizer = useVirtualizer({
    count: rows.length,
    enabled: virtual,
    getScrollElement: () => scroller.current,
    estimateSize: rowHeight,
    overscan: 6,
    getItemKey: (index) => {
      const row = rows[index];
      return row === undefined ? index : rowKey(row);
    },
    onChange: (instance) => {
      const last = instance.getVirtualItems().at(-1);
      if (onEndReached && last && last.index >= rows.length - 60) onEndReached();
    },
  });
  const items = virtual ? virtualizer.getVirtualItems() : rows.map((_, index) => ({ index, start: 0, end: 0 }));
  const before = virtual ? (items[0]?.start ?? 0) : 0;
  const after = virtual ? virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0) : 0;

  return (
    // A region that scrolls can be reached with the keyboard.
    <div
      ref={scroller}
      tabIndex={0}
      role="region"
      aria-label={caption}
      className="print-flow @container relative min-h-0 flex-1 overflow-auto -outline-offset-2 [overflow-anchor:none] [contain:strict] print:[contain:none]"
      data-scroll={caption}
    >
      <table className="w-full table-fixed text-dense tabular-nums" aria-rowcount={(total ?? rows.length) + 1}>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                style={{ width: column.width }}
                className={cx(
                  "sticky top-0 z-10 border-b bg-raised px-3 py-1 text-left text-label font-medium text-muted",
                  column.align === "right" && "text-right",
                  column.hide && hidden[column.hide],
                  column.className,
                )}
              >
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Gap height={before} span={columns.length} />
          {items.map(({ index }) => {
            const row = rows[index];
            return row === undefined ? null : (
              <BodyRow key={rowKey(row)} row={row} index={index} columns={columns} muted={muted?.(row) ?? false} fixed={virtual} />
            );
          })}
          <Gap height={after} span={columns.length} />
        </tbody>
      </table>
    </div>
  );
}

function BodyRow<Row>(props: { row: Row; index: number; columns: readonly Column<Row>[]; muted: boolean; fixed: boolean }) {
  return (
    <tr aria-rowindex={props.index + 2} data-fixed={props.fixed} className={cx("group/row hover:bg-raised/60", props.fixed ? "h-row" : "h-row align-top", props.muted && "text-muted")}>
      {props.columns.map((column) => {
        const className = cx(
          "border-b px-3 py-1",
          props.fixed && "truncate",
          column.align === "right" && "text-right whitespace-nowrap",
          column.hide && hidden[column.hide],
          column.width && !column.align && "whitespace-nowrap",
          column.className,
        );
        return column.rowHeader ? (
          <th key={column.id} scope="row" className={cx(className, "text-left font-medium")}>
            {column.cell(props.row)}
          </th>
        ) : (
          <td key={column.id} className={className}>
            {column.cell(props.row)}
          </td>
        );
      })}
    </tr>
  );
}

function Gap({ height, span }: { height: number; span: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden="true">
      <td colSpan={span} style={{ height, padding: 0 }} />
    </tr>
  );
}

/** The row height of the chosen density, in pixels. */
function rowHeight(): number {
  const style = getComputedStyle(document.documentElement);
  const rem = Number.parseFloat(style.fontSize) || 16;
  return (Number.parseFloat(style.getPropertyValue("--row")) || 1.75) * rem;
}
