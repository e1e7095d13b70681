export { isActive, ProblemLines, ProblemsTab, type ProblemFilter } from "./Problems.tsx";
