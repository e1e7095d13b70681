import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { IconButton } from "./Button.tsx";
import { cx } from "./cx.ts";

interface DrawerProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: string;
  size?: "sm" | "md" | "lg";
  children: ReactNode;
}

const sizes = { sm: "sm:w-[20rem]", md: "sm:w-[30rem]", lg: "sm:w-[45rem]" } as const;

/** Details over the current screen, from the right. Escape closes it and the focus goes back to where it was. */
export function Drawer({ open, onClose, title, description, size = "md", children }: DrawerProps) {
  const { t } = useTranslation();
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay-in no-print fixed inset-0 z-40 bg-black/35" />
        <Dialog.Content
          {...(description ? {} : { "aria-describedby": undefined })}
          className={cx("overlay-in fixed inset-y-0 right-0 z-50 flex w-full flex-col border-l bg-surface shadow-overlay", sizes[size])}
        >
          <div className="flex items-start gap-3 border-b px-4 py-2.5">
            <div className="min-w-0 flex-1">
              <Dialog.Title className="text-section">{title}</Dialog.Title>
              {description ? <Dialog.Description className="m-0 text-dense text-muted">{description}</Dialog.Description> : null}
            </div>
            <Dialog.Close asChild>
              <IconButton label={t("action.close")}>
                <X aria-hidden className="size-4" />
              </IconButton>
            </Dialog.Close>
          </div>
          <div role="region" aria-label={title} tabIndex={0} className="min-h-0 flex-1 overflow-auto -outline-offset-2">
            {children}
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** A small dialog in the middle, for help and short lists. */
export function Modal({ open, onClose, title, children }: { open: boolean; onClose: () => void; title: string; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay-in fixed inset-0 z-40 bg-black/35" />
        <Dialog.Content
          aria-describedby={undefined}
          className="overlay-in fixed top-[12vh] left-1/2 z-50 max-h-[76vh] w-[min(34rem,calc(100vw-2rem))] -translate-x-1/2 overflow-auto rounded border bg-surface shadow-overlay"
        >
          <div className="sticky top-0 flex items-center justify-between border-b bg-surface px-4 py-2">
            <Dialog.Title className="text-section">{title}</Dialog.Title>
            <Dialog.Close asChild>
              <IconButton label={t("action.close")}>
                <X aria-hidden className="size-4" />
              </IconButton>
            </Dialog.Close>
          </div>
          <div className="p-4">{children}</div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
