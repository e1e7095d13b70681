interface HumanName {
  use?: string | null;
  text?: string | null;
  family?: string | null;
  given?: readonly string[];
  prefix?: readonly string[];
  suffix?: readonly string[];
}

export function nameText(name: HumanName | null | undefined): string {
  if (!name) return "";
  return name.text ?? [...(name.given ?? []), name.family].filter(Boolean).join(" ");
}

/** The legal name, where it differs from the one used. */
export function legalName(names: readonly HumanName[], shown: string): string | null {
  const official = nameText(names.find((name) => name.use === "official"));
  return official && official !== shown && !official.includes(shown) && !shown.includes(official) ? official : null;
}

export function familyName(names: readonly HumanName[]): string {
  return (names.find((name) => name.family)?.family ?? "").toLocaleLowerCase();
}

export function initials(shown: string): string {
  const words = shown.split(/\s+/).filter(Boolean);
  return ((words[0]?.[0] ?? "") + (words.length > 1 ? (words.at(-1)?.[0] ?? "") : "")).toLocaleUpperCase();
}

/** The last four digits, enough to recognise and too few to call. */
export function phoneTail(phone: string | null | undefined): string {
  const digits = (phone ?? "").replace(/\D/g, "");
  return digits.length >= 4 ? `…${digits.slice(-4)}` : "";
}
