import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";

import { cx } from "./cx.ts";

const kinds = {
  primary: "bg-accent text-on-accent border-accent hover:brightness-110",
  plain: "bg-surface text-text border-control hover:bg-raised",
  quiet: "bg-transparent text-text border-transparent hover:bg-raised",
} as const;

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: keyof typeof kinds;
  icon?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

/** A button that names its act. */
export function Button({ kind = "plain", icon, className, children, type = "button", ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={cx(
        "inline-flex min-h-control items-center justify-center gap-1.5 rounded border px-2.5 text-dense font-medium whitespace-nowrap",
        "disabled:opacity-60",
        kinds[kind],
        className,
      )}
      {...rest}
    >
      {icon}
      {children}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  label: string;
  children: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

/** A square button with an icon; the label is its name for screen readers and its tooltip. */
export function IconButton({ label, className, children, type = "button", ...rest }: IconButtonProps) {
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={cx(
        "inline-flex size-control min-w-6 shrink-0 items-center justify-center rounded border border-transparent text-muted",
        "hover:bg-raised hover:text-text aria-expanded:bg-raised",
        className,
      )}
      {...rest}
    >
      {children}
    </button>
  );
}
