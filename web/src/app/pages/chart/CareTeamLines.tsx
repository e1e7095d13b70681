import { useTranslation } from "react-i18next";

import type { CareTeam } from "../../../fhir/chart.api.ts";
import { conceptsText, withoutKind } from "../../../fhir/concept.ts";
import { ListPanel } from "../../../fhir/ListPanel.tsx";
import type { Panel } from "../../../fhir/panel.ts";
import { EmptyState } from "../../../ui/PanelStates.tsx";

const MAX = 6;

/** Who cares for the patient, each person once. */
export function CareTeamLines({ panel, onRetry }: { panel: Panel<CareTeam[]>; onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <ListPanel panel={panel} failed={t("careTeam.failed")} onRetry={onRetry} compact>
      {(teams) => {
        const members = new Map<string, string>();
        for (const team of teams) {
          for (const one of team.participant) {
            const name = one.member?.display;
            if (name && !members.has(name)) members.set(name, withoutKind(conceptsText(one.role)));
          }
        }
        if (members.size === 0) return <EmptyState compact title={t("careTeam.none")} />;
        return (
          <ul className="m-0 list-none p-0">
            {[...members].slice(0, MAX).map(([name, role]) => (
              <li key={name} className="flex items-baseline justify-between gap-2 border-b px-3 py-1 text-dense last:border-b-0">
                <span className="truncate">{name}</span>
                <span className="truncate text-label text-muted">{role}</span>
              </li>
            ))}
          </ul>
        );
      }}
    </ListPanel>
  );
}
