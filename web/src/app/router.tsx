import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";

import { isChartTab, readChartSearch } from "./chartTabs.ts";
import { BrokenPage, NotFoundPage } from "./pages/PlainPages.tsx";
import { ChartPage } from "./pages/ChartPage.tsx";
import { PatientsPage } from "./pages/PatientsPage.tsx";
import { SignInPage } from "./pages/SignInPage.tsx";
import { SignedIn } from "./shell/SignedIn.tsx";

const root = createRootRoute({ notFoundComponent: NotFoundPage, errorComponent: BrokenPage });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: SignInPage,
  validateSearch: (search: Record<string, unknown>): { next?: string; ended?: boolean } => ({
    ...(typeof search["next"] === "string" ? { next: search["next"] } : {}),
    ...(search["ended"] === true ? { ended: true } : {}),
  }),
});

const kit = createRoute({ getParentRoute: () => root, path: "/kit", component: lazyRouteComponent(() => import("./pages/KitPage.tsx"), "KitPage") });

const signedIn = createRoute({ getParentRoute: () => root, id: "signed-in", component: SignedIn });

const home = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/patients" });
  },
});

const patients = createRoute({
  getParentRoute: () => signedIn,
  path: "/patients",
  component: PatientsPage,
  validateSearch: (search: Record<string, unknown>): { q?: string } => {
    const q = search["q"];
    return typeof q === "string" || typeof q === "number" ? { q: String(q) } : {};
  },
});

const chartHome = createRoute({
  getParentRoute: () => signedIn,
  path: "/p/$patientId",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/p/$patientId/$tab", params: { ...params, tab: "summary" }, replace: true });
  },
});

const chart = createRoute({
  getParentRoute: () => signedIn,
  path: "/p/$patientId/$tab",
  component: ChartPage,
  validateSearch: readChartSearch,
  beforeLoad: ({ params }) => {
    if (!isChartTab(params.tab)) throw redirect({ to: "/p/$patientId/$tab", params: { ...params, tab: "summary" }, replace: true });
  },
});

const tree = root.addChildren([signIn, kit, signedIn.addChildren([home, patients, chartHome, chart])]);

export function makeRouter(tenant: string) {
  return createRouter({ routeTree: tree, basepath: `/${tenant}/app`, defaultPreload: false, scrollRestoration: false });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
