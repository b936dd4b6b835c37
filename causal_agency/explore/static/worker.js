// Python in a thread of its own: the interpreter from ./pyodide, the library from ./causal_agency.zip.

import { loadPyodide } from "./pyodide/pyodide.mjs";

const started = start();
started.catch((problem) => self.postMessage({ failed: problem.message }));

async function start() {
  const python = await loadPyodide({ indexURL: new URL("./pyodide/", self.location).href });
  const library = await fetch("./causal_agency.zip");
  python.unpackArchive(await library.arrayBuffer(), "zip", { extractDir: "/lib/causal_agency" });
  const answer = python.runPython(`
import sys
sys.path.append("/lib/causal_agency")
from causal_agency.explore._answer import answer_text
answer_text`);
  self.postMessage({ python: python.runPython("sys.version.split()[0]") });
  return answer;
}

self.onmessage = async ({ data }) => {
  const answer = await started;
  self.postMessage({ id: data.id, text: answer(data.text) });
};
