export { SignInForm } from "./SignInForm.tsx";
export { sessionQuery, signOut, tenantQuery, type Session } from "./session.api.ts";
