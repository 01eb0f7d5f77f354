// The jobs' pages: the list with its states, and one job with its layers and its log.
import "../css/jobs.css";
import { followJobs } from "./jobs/list.js";
import { Output } from "./jobs/output.js";

for (const table of document.querySelectorAll("[data-jobs]")) followJobs(table);
for (const root of document.querySelectorAll("#job-output")) new Output(root);
