/** The laboratory panels results are read in, by LOINC code (https://loinc.org); what is in none of them is "other". */
export const PANELS = ["metabolic", "cbc", "lipid", "thyroid", "other"] as const;
export type LabPanel = (typeof PANELS)[number];

const CODES: Record<Exclude<LabPanel, "other">, readonly string[]> = {
  metabolic: [
    "2345-7", "2339-0", "1558-6", "4548-4", "17856-6", "2160-0", "38483-4", "3094-0", "6299-2", "3097-3", "2951-2", "2947-0", "2823-3", "6298-4",
    "2075-0", "2069-3", "2028-9", "20565-8", "1963-8", "17861-6", "49765-1", "2885-2", "1751-7", "10834-0", "1759-0", "1975-2", "1968-7", "6768-6",
    "1742-6", "1920-8", "33914-3", "48642-3", "48643-1", "62238-1", "98979-8", "33037-3", "1863-0", "10466-1", "2777-1", "19123-9", "3084-1", "69405-9",
    "77147-7", "50044-7", "88293-6", "88294-4",
  ],
  cbc: [
    "6690-2", "26464-8", "789-8", "26453-1", "718-7", "20509-6", "4544-3", "20570-8", "787-2", "30428-7", "785-6", "28539-5", "786-4", "28540-3", "788-0",
    "30385-9", "21000-5", "777-3", "26515-7", "32623-1", "28542-9", "32207-3", "770-8", "26511-6", "736-9", "26478-8", "5905-5", "26485-3", "713-8",
    "26450-7", "706-2", "30180-4", "751-8", "26499-4", "731-0", "26474-7", "742-7", "26484-6", "711-2", "26449-9", "704-7", "26444-0", "4679-7", "58410-2",
  ],
  lipid: ["2093-3", "2571-8", "2085-9", "18262-6", "13457-7", "2089-1", "43396-1", "13458-5", "9830-1", "3043-7", "1869-7", "1884-6", "10835-7", "11054-4", "35200-5"],
  thyroid: ["3016-3", "11580-8", "11579-0", "3024-7", "14920-3", "3026-2", "3053-6", "3051-0", "14928-6", "8098-6", "8099-4", "5382-7", "5385-0", "32146-3", "3052-8"],
};

const PANEL_OF = new Map<string, LabPanel>(
  PANELS.flatMap((panel) => (panel === "other" ? [] : CODES[panel].map((code): [string, LabPanel] => [code, panel]))),
);

export function panelOfCode(code: string): LabPanel {
  return PANEL_OF.get(code) ?? "other";
}

/** Within a panel, the order a clinician expects; what the panel does not name comes last. */
export function orderInPanel(code: string): number {
  const panel = panelOfCode(code);
  const index = panel === "other" ? -1 : CODES[panel].indexOf(code);
  return index === -1 ? Number.MAX_SAFE_INTEGER : index;
}
