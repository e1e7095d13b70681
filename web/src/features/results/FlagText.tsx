import { useTranslation } from "react-i18next";

import { flagTone, type Flag } from "../../fhir/flags.ts";
import { Badge } from "../../ui/Badge.tsx";

/** H, L, HH, LL or A: the letters carry the meaning, the colour repeats it. */
export function FlagText({ flag }: { flag: Flag | null }) {
  return flag ? <Flagged flag={flag} /> : null;
}

function Flagged({ flag }: { flag: Flag }) {
  const { t } = useTranslation();
  return (
    <Badge tone={flagTone(flag)} title={t(`flag.${flag}`)}>
      <span aria-hidden>{flag}</span>
      <span className="sr-only">{t(`flag.${flag}`)}</span>
    </Badge>
  );
}
