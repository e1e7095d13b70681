import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app/App.tsx";
import { startI18n } from "./app/i18n/index.ts";
import { tenantOf } from "./fhir/tenant.ts";
import { loadPreferences } from "./ui/preferences.ts";
import "./ui/styles.css";

startI18n();
loadPreferences("");

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App tenant={tenantOf(window.location.pathname)} />
    </StrictMode>,
  );
}
