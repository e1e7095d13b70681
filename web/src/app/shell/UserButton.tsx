import { UserRound } from "lucide-react";
import type { ButtonHTMLAttributes, Ref } from "react";
import { useTranslation } from "react-i18next";

interface UserButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  name: string;
  ref?: Ref<HTMLButtonElement>;
}

/** Who is signed in; opens the user menu. */
export function UserButton({ name, ...rest }: UserButtonProps) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      aria-haspopup="menu"
      aria-label={`${t("shell.userMenu")}: ${name}`}
      className="flex h-8 shrink-0 items-center gap-2 rounded border border-transparent px-1.5 text-dense hover:bg-raised aria-expanded:bg-raised"
      {...rest}
    >
      <span className="flex size-6 items-center justify-center rounded-full bg-accent-bg text-accent">
        <UserRound aria-hidden className="size-4" />
      </span>
      <span className="max-w-40 truncate max-md:hidden">{name}</span>
    </button>
  );
}
