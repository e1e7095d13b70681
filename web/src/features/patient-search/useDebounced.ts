import { useEffect, useState } from "react";

/** The value as it was when typing last paused. */
export function useDebounced(value: string, milliseconds = 150): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
