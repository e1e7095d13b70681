import { cleanup } from "@testing-library/react";
import { afterEach, beforeAll } from "vitest";

import { startI18n } from "../app/i18n/index.ts";

beforeAll(() => startI18n());
afterEach(() => {
  cleanup();
  sessionStorage.clear();
  localStorage.clear();
});
