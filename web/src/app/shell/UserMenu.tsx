import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Check, Keyboard, LogOut } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { signOut } from "../../features/session/index.ts";
import { useTenant } from "../../fhir/tenant.ts";
import { Banner } from "../../ui/Banner.tsx";
import { setPreferences, usePreferences, type Preferences } from "../../ui/preferences.ts";
import { useSession } from "../sessionContext.ts";
import { setSession } from "../sessionChannel.ts";
import { UserButton } from "./UserButton.tsx";

const THEMES: Preferences["theme"][] = ["system", "light", "dark"];
const DENSITIES: Preferences["density"][] = ["compact", "comfortable", "touch"];

/** Who is signed in, how the screen looks, and the way out. */
export default function UserMenu({ onHelp, opened }: { onHelp: () => void; opened: boolean }) {
  const { t } = useTranslation();
  const { user } = useSession();
  const tenant = useTenant();
  const client = useQueryClient();
  const navigate = useNavigate();
  const preferences = usePreferences();
  const [failed, setFailed] = useState(false);

  async function leave() {
    const done = await signOut(tenant).catch(() => false);
    setFailed(!done);
    if (!done) return;
    await navigate({ to: "/sign-in", replace: true });
    setSession(client, tenant, null);
  }

  return (
    <>
      <DropdownMenu.Root modal={false} defaultOpen={opened}>
        <DropdownMenu.Trigger asChild>
          <UserButton name={user.displayName} />
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content align="end" sideOffset={6} className="overlay-in z-40 max-h-(--radix-dropdown-menu-content-available-height) w-64 overflow-auto rounded border bg-surface py-1 text-dense shadow-overlay">
            <div className="px-3 py-1.5">
              <p className="m-0 font-medium">{user.displayName}</p>
              <p className="m-0 text-muted">{user.roles.join(", ")}</p>
            </div>
            <Line />
            <Choice label={t("shell.theme")} options={THEMES} value={preferences.theme} name={(theme) => t(`shell.${theme}`)} onChange={(theme) => setPreferences({ theme })} />
            <Choice label={t("shell.density")} options={DENSITIES} value={preferences.density} name={(density) => t(`shell.${density}`)} onChange={(density) => setPreferences({ density })} />
            <Line />
            <Switch label={t("shell.contrast")} on={preferences.contrast === "high"} onChange={(on) => setPreferences({ contrast: on ? "high" : "normal" })} />
            <Switch label={t("shell.singleKeys")} on={preferences.singleKeys} onChange={(singleKeys) => setPreferences({ singleKeys })} />
            <Line />
            <Item icon={<Keyboard aria-hidden className="size-4" />} onSelect={onHelp}>
              {t("shell.shortcuts")}
            </Item>
            <Item icon={<LogOut aria-hidden className="size-4" />} onSelect={() => void leave()}>
              {t("action.signOut")}
            </Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      {failed ? (
        <div className="fixed top-12 right-3 z-50 max-w-sm">
          <Banner tone="critical" role="alert" title={t("shell.signOutFailed")} />
        </div>
      ) : null}
    </>
  );
}

const itemClass = "flex min-h-8 cursor-pointer items-center gap-2 px-3 outline-none data-highlighted:bg-accent-bg data-highlighted:text-accent";

function Line() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
}

function Item({ icon, onSelect, children }: { icon: ReactNode; onSelect: () => void; children: ReactNode }) {
  return (
    <DropdownMenu.Item className={itemClass} onSelect={onSelect}>
      {icon}
      {children}
    </DropdownMenu.Item>
  );
}

function Switch({ label, on, onChange }: { label: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <DropdownMenu.CheckboxItem checked={on} onCheckedChange={onChange} onSelect={(event) => event.preventDefault()} className={itemClass}>
      <span className="w-4">
        <DropdownMenu.ItemIndicator>
          <Check aria-hidden className="size-4" />
        </DropdownMenu.ItemIndicator>
      </span>
      {label}
    </DropdownMenu.CheckboxItem>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  options: readonly Value[];
  value: Value;
  name: (value: Value) => string;
  onChange: (value: Value) => void;
}

function Choice<Value extends string>({ label, options, value, name, onChange }: ChoiceProps<Value>) {
  return (
    <DropdownMenu.RadioGroup value={value} aria-label={label}>
      <DropdownMenu.Label className="px-3 pt-1.5 text-label font-medium text-muted">{label}</DropdownMenu.Label>
      {options.map((option) => (
        <DropdownMenu.RadioItem key={option} value={option} className={itemClass} onSelect={(event) => { event.preventDefault(); onChange(option); }}>
          <span className="w-4">
            <DropdownMenu.ItemIndicator>
              <Check aria-hidden className="size-4" />
            </DropdownMenu.ItemIndicator>
          </span>
          {name(option)}
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}
