/** What a colour says. Red is harm only (ui.md §13); no tone ever stands without a word or an icon beside it. */
export type Tone = "neutral" | "accent" | "critical" | "warning" | "ok" | "info" | "sensitive";

export const toneText: Record<Tone, string> = {
  neutral: "text-muted",
  accent: "text-accent",
  critical: "text-critical",
  warning: "text-warning",
  ok: "text-ok",
  info: "text-info",
  sensitive: "text-sensitive",
};

export const toneBox: Record<Tone, string> = {
  neutral: "bg-raised text-text border-line",
  accent: "bg-accent-bg text-accent border-accent/40",
  critical: "bg-critical-bg text-critical border-critical/50",
  warning: "bg-warning-bg text-warning border-warning/40",
  ok: "bg-ok-bg text-ok border-ok/40",
  info: "bg-info-bg text-info border-info/40",
  sensitive: "bg-sensitive-bg text-sensitive border-sensitive/40",
};
