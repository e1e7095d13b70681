import { CircleAlert } from "lucide-react";
import { useId, type InputHTMLAttributes, type Ref } from "react";

import { cx } from "./cx.ts";

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  error?: string | undefined;
  ref?: Ref<HTMLInputElement>;
}

/** A labelled text field; what is wrong stands beside it, in words. */
export function Field({ label, error, className, id, ...rest }: FieldProps) {
  const own = useId();
  const field = id ?? own;
  return (
    <div className={cx("flex flex-col gap-1", className)}>
      <label htmlFor={field} className="text-dense font-medium">
        {label}
      </label>
      <input
        id={field}
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? `${field}-error` : undefined}
        className={cx("h-9 rounded border bg-surface px-2.5 text-body", error ? "border-critical" : "border-control")}
        {...rest}
      />
      {error ? (
        <p id={`${field}-error`} className="m-0 flex items-center gap-1 text-dense text-critical">
          <CircleAlert aria-hidden className="size-3.5" />
          {error}
        </p>
      ) : null}
    </div>
  );
}
