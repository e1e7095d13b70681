import { cx } from "./cx.ts";

interface Segment<Value extends string> {
  value: Value;
  label: string;
  count?: string;
}

interface SegmentedControlProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly Segment<Value>[];
  onChange: (value: Value) => void;
}

/** A choice of one among few, each one click away. */
export function SegmentedControl<Value extends string>({ label, value, options, onChange }: SegmentedControlProps<Value>) {
  return (
    <div role="group" aria-label={label} className="no-print inline-flex flex-wrap gap-1">
      {options.map((option) => {
        const chosen = option.value === value;
        return (
          <button
            key={option.value}
            type="button"
            aria-pressed={chosen}
            onClick={() => onChange(option.value)}
            className={cx(
              "inline-flex min-h-6 items-center gap-1.5 rounded border px-2 text-dense",
              chosen ? "border-accent bg-accent-bg font-medium text-accent" : "border-line bg-surface text-text hover:bg-raised",
            )}
          >
            {option.label}
            {option.count ? <span className={cx("text-label", chosen ? "text-accent" : "text-muted")}>{option.count}</span> : null}
          </button>
        );
      })}
    </div>
  );
}
