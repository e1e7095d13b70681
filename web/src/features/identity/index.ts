export { Contacts, Demographics } from "./Demographics.tsx";
export { IdentityBar } from "./IdentityBar.tsx";
