// Shows at once, under a finger too, what browsers show after a second: the <title> of a part of a chart.
const note = Object.assign(document.createElement("output"), { className: "note", hidden: true });
document.body.append(note);
document.addEventListener("pointerover", ({ target, clientX, clientY }) => {
  const part = target.closest?.(".tip");
  note.hidden = !part;
  if (!part) return;
  const title = part.querySelector("title");
  if (title) { part.dataset.tip = title.textContent; title.remove(); }
  note.textContent = part.dataset.tip;
  note.style.left = `${Math.max(8, Math.min(clientX + 12, innerWidth - note.offsetWidth - 8))}px`;
  note.style.top = `${Math.max(8, clientY - note.offsetHeight - 12)}px`;
});
// Where CSS cannot open what is folded, it is opened for the printer.
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
