import { createContext, use } from "react";

/** The tenant is the first segment of the URL, of every request and of every query key. */
export function tenantOf(pathname: string): string {
  return decodeURIComponent(pathname.split("/")[1] ?? "");
}

export const TenantContext = createContext<string>("");

export function useTenant(): string {
  return use(TenantContext);
}
