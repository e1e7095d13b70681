import { useTranslation } from "react-i18next";

import { Keys } from "../../ui/Badge.tsx";
import { Modal } from "../../ui/Drawer.tsx";

const SHORTCUTS = [
  ["palette", [["Ctrl", "K"]]],
  ["search", [["/"]]],
  ["patients", [["G"], ["P"]]],
  ["tabs", [["1"], ["7"]]],
  ["left", [["["]]],
  ["right", [["]"]]],
  ["help", [["?"]]],
  ["close", [["Esc"]]],
] as const;

/** Every shortcut there is. */
export default function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal open onClose={onClose} title={t("shell.shortcuts")}>
      <dl className="m-0 grid grid-cols-[1fr_auto] items-center gap-x-6 gap-y-2">
        {SHORTCUTS.map(([name, chains]) => (
          <div key={name} className="contents">
            <dt>{t(`shortcuts.${name}`)}</dt>
            <dd className="m-0 flex items-center justify-end gap-1.5">
              {chains.map((keys, index) => (
                <span key={keys.join("+")} className="flex items-center gap-1.5">
                  {index > 0 ? <span className="text-muted">{name === "tabs" ? "–" : t("shortcuts.chain")}</span> : null}
                  <Keys keys={keys} />
                </span>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
