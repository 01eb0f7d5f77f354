// Programs ask their terminal things: what it is, where the cursor stands, its colours. One terminal must answer, once.
// So a screen keeps silent while it draws what was written before it came (that has been answered), and while another
// one leads.

const QUERIES = [
  { final: "c" },
  { prefix: ">", final: "c" },
  { prefix: "=", final: "c" },
  { final: "n" },
  { prefix: "?", final: "n" },
  { intermediates: "$", final: "p" },
  { prefix: "?", intermediates: "$", final: "p" },
  { prefix: ">", final: "q" },
  { final: "t" },
];
const COLOURS = [4, 10, 11, 12];

/** Let `terminal` answer only while `may()` says so. */
export function answerOnly(terminal, may) {
  for (const query of QUERIES) terminal.parser.registerCsiHandler(query, () => !may());
  terminal.parser.registerDcsHandler({ intermediates: "$", final: "q" }, () => !may());
  for (const code of COLOURS) terminal.parser.registerOscHandler(code, (data) => data.includes("?") && !may());
}
