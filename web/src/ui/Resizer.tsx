import { useRef, type KeyboardEvent, type PointerEvent } from "react";

interface ResizerProps {
  label: string;
  width: number;
  min: number;
  max: number;
  /** The panel stands to the left or to the right of this bar. */
  panel: "left" | "right";
  onResize: (width: number) => void;
}

/** The bar between two panels: drag it, or move it with the arrow keys. */
export function Resizer({ label, width, min, max, panel, onResize }: ResizerProps) {
  const start = useRef<{ x: number; width: number } | null>(null);
  const sign = panel === "left" ? 1 : -1;
  const clamp = (value: number) => Math.round(Math.min(max, Math.max(min, value)));

  function down(event: PointerEvent<HTMLDivElement>) {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { x: event.clientX, width };
  }
  function move(event: PointerEvent<HTMLDivElement>) {
    if (start.current) onResize(clamp(start.current.width + sign * (event.clientX - start.current.x)));
  }
  function key(event: KeyboardEvent<HTMLDivElement>) {
    const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    onResize(clamp(width + sign * step));
  }
  return (
    <div
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={min}
      aria-valuemax={max}
      tabIndex={0}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={() => (start.current = null)}
      onPointerCancel={() => (start.current = null)}
      onKeyDown={key}
      className="no-print w-1.5 shrink-0 cursor-col-resize touch-none bg-transparent hover:bg-accent/30 focus-visible:bg-accent/40"
    />
  );
}
