// Where Python answers: in this page, under Pyodide, as soon as it is loaded; until then, or without it, at the local
// server. Either way it is the same function of the same library.

export function connect({ backends }, status) {
  const server = backends.includes("server") ? askServer : null;
  const page = backends.includes("pyodide") ? startPage(status, server ? "server" : "none") : null;
  if (!page) say(status, server ? "server" : "none");
  return async (request) => {
    const text = JSON.stringify(request);
    if (page?.ready || (page && !server)) return JSON.parse(await page.ask(text));
    if (server) return JSON.parse(await server(text));
    throw new Error("this copy of the page has no Python; python -m causal_agency.explore serves one that has");
  };
}

async function askServer(body) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch("answer", { method: "POST", headers, body });
  if (!response.ok) throw new Error(await response.text());
  return response.text();
}

function startPage(status, otherwise) {
  const waiting = new Map();
  const worker = new Worker("worker.js", { type: "module" });
  const page = { ready: false, ask };
  let count = 0;
  let fail;
  const failed = new Promise((_, reject) => (fail = (why) => reject(new Error(why || "it does not start"))));
  failed.catch((problem) => {
    say(status, otherwise);
    status.append(` (Pyodide: ${problem.message})`);
  });
  worker.onerror = (problem) => fail(problem.message);
  worker.onmessage = ({ data }) => {
    if (data.failed) fail(data.failed);
    else if (data.python) {
      page.ready = true;
      say(status, "page", data.python);
    } else {
      waiting.get(data.id)(data.text);
      waiting.delete(data.id);
    }
  };
  say(status, "loading");
  return page;

  function ask(text) {
    const id = (count += 1);
    worker.postMessage({ id, text });
    return Promise.race([failed, new Promise((resolve) => waiting.set(id, resolve))]);
  }
}

const SENTENCES = {
  page: (python) => `Computed in this page by causal_agency, in Python ${python} (Pyodide).`,
  server: () => "Computed by causal_agency at the local server of this page.",
  loading: () => "Python is being loaded into this page …",
  none: () => "This copy of the page has no Python: python -m causal_agency.explore serves one that has.",
};

function say(status, where, python) {
  document.body.dataset.running = where;
  status.textContent = SENTENCES[where](python);
}
