interface Concept {
  text?: string | null;
  coding?: readonly { code?: string | null; display?: string | null }[];
}

/** What a coded statement says in words: its text, else the first coding with a name, else its code. */
export function conceptText(concept: Concept | null | undefined): string {
  if (!concept) return "";
  return concept.text ?? concept.coding?.find((coding) => coding.display)?.display ?? concept.coding?.[0]?.code ?? "";
}

export function conceptCode(concept: Concept | null | undefined): string {
  return concept?.coding?.find((coding) => coding.code)?.code ?? "";
}

/** Several coded statements in one line. */
export function conceptsText(concepts: readonly Concept[] | null | undefined): string {
  return (concepts ?? []).map(conceptText).filter(Boolean).join(", ");
}

/** SNOMED CT names end in their kind, "(disorder)", which readers do not need. */
export function withoutKind(text: string): string {
  return text.replace(/ \((disorder|finding|situation|procedure|substance|regime\/therapy|product|organism|morphologic abnormality)\)$/, "");
}
