import { useEffect, useRef } from "react";

export type Shortcuts = Record<string, () => void>;

/** Whether a key press belongs to what is being typed, not to the screen. */
function inTextField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** `Mod+k` is Ctrl K, or Command K on a Mac; `g p` is one key after the other; the rest are single keys. */
export function useShortcuts(shortcuts: Shortcuts, singleKeys = true): void {
  const current = useRef(shortcuts);
  current.current = shortcuts;
  useEffect(() => {
    let prefix = "";
    let prefixAt = 0;
    function press(event: KeyboardEvent) {
      if (event.defaultPrevented || event.altKey) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      if (event.ctrlKey || event.metaKey) {
        run(`Mod+${key}`, event);
        return;
      }
      const layerOpen = document.querySelector('[role="dialog"], [role="menu"]') !== null;
      if (!singleKeys || layerOpen || inTextField(event.target)) return;
      const chain = event.timeStamp - prefixAt < 1000 ? `${prefix} ${key}` : key;
      if (!run(chain, event)) run(key, event);
      prefix = key;
      prefixAt = event.timeStamp;
    }
    function run(name: string, event: KeyboardEvent): boolean {
      const act = current.current[name];
      if (!act) return false;
      event.preventDefault();
      act();
      return true;
    }
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [singleKeys]);
}
