import { memo } from "react";
import { useTranslation } from "react-i18next";

import type { Patient } from "../../fhir/chart.api.ts";
import { conceptsText, conceptText } from "../../fhir/concept.ts";
import { nameText } from "../../fhir/names.ts";
import { Card } from "../../ui/Card.tsx";

/** Who the patient is, beyond the identity bar: as registered, nothing inferred. */
export const Demographics = memo(function Demographics({ patient }: { patient: Patient }) {
  const { t } = useTranslation();
  const home = patient.address.find((one) => one.use === "home") ?? patient.address[0];
  const street = home ? [...home.line, [home.city, home.state, home.postalCode].filter(Boolean).join(" ")].filter(Boolean) : [];
  const birthSex = { F: t("gender.female"), M: t("gender.male") }[patient.birthSex ?? ""];
  const languages = patient.communication.map((one) => conceptText(one.language)).join(", ");
  const rows: [string, string][] = [
    [t("demographics.birthSex"), birthSex ?? (patient.birthSex ? t("state.unknown") : "")],
    [t("demographics.language"), languages],
    [t("demographics.race"), patient.race ?? ""],
    [t("demographics.ethnicity"), patient.ethnicity ?? ""],
    [t("demographics.maritalStatus"), conceptText(patient.maritalStatus)],
    ...patient.telecom
      .filter((one) => one.value)
      .map((one): [string, string] => [t(`telecom.${one.system === "email" ? "email" : one.use === "mobile" ? "mobile" : "phone"}`), one.value ?? ""]),
    [t("demographics.address"), home?.text && street.length === 0 ? home.text : street.join("\n")],
  ];
  return (
    <Card title={t("demographics.title")}>
      <dl className="m-0 grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)] gap-x-2 gap-y-1 px-3 py-2 text-dense">
        {rows.map(([label, value], row) => (
          <div key={`${label}/${row}`} className="contents">
            <dt className="text-muted">{label}</dt>
            <dd className="m-0 break-words whitespace-pre-line">{value || <span className="text-muted">{t("state.notRecorded")}</span>}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
});

/** What the contact is to the patient; a bare code says nothing where words are there. */
function relationshipText(relationship: Patient["contact"][number]["relationship"]): string {
  const inWords = relationship.filter((one) => one.text ?? one.coding.some((coding) => coding.display));
  return conceptsText(inWords.length > 0 ? inWords : relationship);
}

/** Whom to call. */
export function Contacts({ patient }: { patient: Patient }) {
  const { t } = useTranslation();
  return (
    <Card title={t("contacts.title")}>
      {patient.contact.length === 0 ? (
        <p className="m-0 px-3 py-2 text-dense text-muted">{t("contacts.none")}</p>
      ) : (
        <ul className="m-0 list-none p-0">
          {patient.contact.map((contact, index) => (
            <li key={index} className="border-b px-3 py-1.5 text-dense last:border-b-0">
              <span className="font-medium">{nameText(contact.name) || t("patient.noName")}</span>
              <span className="text-muted"> {relationshipText(contact.relationship)}</span>
              {contact.telecom.map((one) => (
                <div key={one.value}>{one.value}</div>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
