import type { CodegenConfig } from "@graphql-codegen/cli";

/** Types and documents of the app API. Documents are strings: no GraphQL run time reaches the browser. */
const config: CodegenConfig = {
  schema: "schema.graphql",
  documents: ["src/**/*.ts", "src/**/*.tsx", "!src/fhir/generated/**"],
  ignoreNoDocuments: true,
  generates: {
    "src/fhir/generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string",
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        defaultScalarType: "unknown",
        scalars: { ID: "string", Decimal: "string", Date: "string", DateTime: "string", Instant: "string" },
      },
    },
  },
};

export default config;
