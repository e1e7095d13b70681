/** Imports go down only: app > features > fhir > ui (style.md §8). scripts/layers.test.mjs plants a breach of each rule and expects red. */
module.exports = {
  forbidden: [
    { name: "ui-knows-nothing-above", severity: "error", comment: "The design system knows no FHIR and no page.", from: { path: "^src/ui/" }, to: { path: "^src/(app|features|fhir)/" } },
    { name: "fhir-knows-no-feature", severity: "error", comment: "What knows FHIR serves features and pages; it does not use them.", from: { path: "^src/fhir/" }, to: { path: "^src/(app|features)/" } },
    { name: "features-know-no-app", severity: "error", comment: "Pages compose features, not the other way round.", from: { path: "^src/features/" }, to: { path: "^src/app/" } },
    { name: "features-are-strangers", severity: "error", comment: "What two features share moves down to fhir or ui.", from: { path: "^src/features/([^/]+)/" }, to: { path: "^src/features/", pathNot: "^src/features/$1/" } },
    { name: "features-through-their-index", severity: "error", comment: "Outsiders see only a feature's index.ts.", from: { pathNot: "^src/features/" }, to: { path: "^src/features/[^/]+/(?!index\\.js$)" } },
    { name: "no-circles", severity: "error", comment: "A circle is one module in two files.", from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "\\.(css|d\\.ts)$|^src/fhir/generated/" },
    enhancedResolveOptions: { extensions: [".js", ".json"], conditionNames: ["import", "default"] },
  },
};
