import { useSyncExternalStore } from "react";

/** How this person likes the screen. Kept in the browser; nothing of a patient is ever in it. */
export interface Preferences {
  theme: "system" | "light" | "dark";
  contrast: "normal" | "high";
  density: "compact" | "comfortable" | "touch";
  singleKeys: boolean;
  leftWidth: number;
  rightWidth: number;
  leftOpen: boolean;
  rightOpen: boolean;
}

const defaults: Preferences = {
  theme: "system",
  contrast: "normal",
  density: "compact",
  singleKeys: true,
  leftWidth: 264,
  rightWidth: 304,
  leftOpen: true,
  rightOpen: true,
};

let owner = "";
let current: Preferences = defaults;
const listeners = new Set<() => void>();

function storageKey(): string {
  return `osler.preferences.${owner}`;
}

function read(): Preferences {
  const kept = localStorage.getItem(storageKey());
  if (kept === null) return defaults;
  try {
    const value: unknown = JSON.parse(kept);
    return typeof value === "object" && value !== null ? { ...defaults, ...value } : defaults;
  } catch (failure) {
    if (failure instanceof SyntaxError) return defaults;
    throw failure;
  }
}

function show(): void {
  const root = document.documentElement;
  if (current.theme === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = current.theme;
  if (current.contrast === "high") root.dataset["contrast"] = "high";
  else delete root.dataset["contrast"];
  root.dataset["density"] = current.density;
  for (const listener of listeners) listener();
}

/** Preferences belong to a person: called with the user's id at sign-in and with "" at sign-out. */
export function loadPreferences(user: string): void {
  owner = user;
  current = read();
  show();
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  localStorage.setItem(storageKey(), JSON.stringify(current));
  show();
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
