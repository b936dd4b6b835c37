// Puts what Python answers in its place. A change is data that Python wrote into the page (data-change); no number is
// computed here. The state is the text of a link; undo goes back to the link before.

import { connect } from "./engine.js";

const find = (id) => document.getElementById(id);
const past = []; // links to undo to
const queue = []; // requests that wait for an answer
let link = document.body.dataset.link;
let key = null; // what is being dragged: its changes are undone together
let busy = false;

const ask = connect(document.body.dataset, find("engine"));

function submit(request, { remember = true, drag = null } = {}) {
  const again = drag !== null && drag === key;
  key = drag;
  const last = queue.at(-1);
  if (again && last?.drag === drag) queue[queue.length - 1] = { ...last, request };
  else queue.push({ request, remember: remember && !again, drag });
  work();
}

async function work() {
  if (busy) return;
  busy = true;
  for (let next = queue.shift(); next; next = queue.shift()) {
    try {
      show(await ask({ link, ...next.request }), next.remember);
    } catch (problem) {
      find("problem").textContent = `No answer: ${problem.message}`;
    }
  }
  busy = false;
}

function show(answer, remember) {
  if (answer.error) {
    find("problem").textContent = `${answer.error[0].toUpperCase()}${answer.error.slice(1)}.`;
    document.querySelectorAll("input[type=text][data-change]").forEach((field) => (field.value = field.defaultValue));
    return;
  }
  if (remember && answer.link !== link) past.push(link);
  link = answer.link;
  if (location.hash.slice(1) !== link) history.replaceState(null, "", `#${link}`);
  const focused = document.activeElement?.id;
  for (const [id, html] of Object.entries(answer.parts)) morph(find(id), html);
  if (focused && document.activeElement?.id !== focused) (find(focused) ?? find("strip")).focus();
  document.querySelectorAll("[data-add] input").forEach((field) => (field.value = ""));
  find("undo").disabled = past.length === 0;
  document.body.dataset.answers = Number(document.body.dataset.answers ?? 0) + 1;
}

// Make the children of `place` those of `html`, and keep every element that stays, with its focus and its transitions.
function morph(place, html) {
  adapt(place, new DOMParser().parseFromString(`<body>${html}`, "text/html").body);
}

function adapt(old, now) {
  const nodes = [...now.childNodes];
  nodes.forEach((node, i) => {
    const mine = old.childNodes[i];
    if (!mine) old.append(node);
    else if (mine.nodeName !== node.nodeName || mine.id !== node.id) mine.replaceWith(node);
    else update(mine, node);
  });
  while (old.childNodes.length > nodes.length) old.lastChild.remove();
}

function update(mine, node) {
  if (mine.nodeType !== Node.ELEMENT_NODE) {
    if (mine.nodeValue !== node.nodeValue) mine.nodeValue = node.nodeValue;
    return;
  }
  const names = new Set([...mine.attributes, ...node.attributes].map(({ name }) => name));
  names.delete("open"); // what a person folds stays folded
  for (const name of names) {
    const value = node.getAttribute(name);
    if (value === null) mine.removeAttribute(name);
    else if (mine.getAttribute(name) !== value) mine.setAttribute(name, value);
  }
  if (mine.nodeName === "INPUT") {
    mine.checked = node.checked;
    const ahead = mine === document.activeElement && mine.type === "range" && queue.length > 0; // of the answers
    if (!ahead && node.hasAttribute("value")) mine.value = node.getAttribute("value");
  }
  adapt(mine, node);
}

const changeOf = (element) => JSON.parse(element.dataset.change);

function undo() {
  if (past.length > 0) submit({ link: past.pop() }, { remember: false });
}

function reveal() {
  const guess = [...document.querySelectorAll("[data-guess]")].map((slider) => slider.value);
  submit({ guess }, { remember: false });
}

document.addEventListener("click", ({ target }) => {
  const element = target.closest("button, input");
  if (element?.id === "undo") undo();
  else if (element?.id === "reveal") reveal();
  else if (element?.dataset.change && !["range", "text"].includes(element.type)) submit({ change: changeOf(element) });
});

document.addEventListener("input", ({ target }) => {
  if (target.dataset.guess) target.nextElementSibling.value = target.value;
  else if (target.type === "range") submit({ change: { ...changeOf(target), value: target.value } }, { drag: target.id });
});

document.addEventListener("change", ({ target }) => {
  if (target.type === "range") key = null;
  else if (target.type === "text" && target.dataset.change) submit({ change: { ...changeOf(target), value: target.value } });
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const kind = event.target.dataset.add;
  submit({ change: { [kind]: true, value: find(`new-${kind}`).value } });
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.type === "text";
  if (event.ctrlKey && event.key === "z" && !typing) undo();
  else if (["Delete", "Backspace"].includes(event.key) && event.target.id.startsWith("slot-"))
    submit({ change: { remove: changeOf(event.target).flip } });
  else return;
  event.preventDefault();
});

addEventListener("hashchange", () => {
  if (location.hash.slice(1) !== link) submit({ link: location.hash.slice(1) });
});

if (location.hash.length > 1) submit({ link: location.hash.slice(1) }, { remember: false });
