// A text area over its own shadow: marks show through where the API's checks found something.
// Text is only ever set as text, never as HTML.
const WAIT_MS = 200;

function paint(back, text, marks) {
  const letters = Array.from(text); // places count characters, not UTF-16 units
  back.replaceChildren();
  let place = 0;
  for (const [start, end, kind, title] of marks) {
    if (start < place) continue;
    back.append(letters.slice(place, start).join(""));
    const mark = document.createElement("mark");
    mark.textContent = letters.slice(start, end).join("");
    mark.className = kind;
    mark.title = title;
    back.append(mark);
    place = end;
  }
  back.append(letters.slice(place).join("") + "\n");
}

function fit(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}

export default function ({ parentElement, data, setStateValue }) {
  const area = parentElement.querySelector("textarea");
  const back = parentElement.querySelector(".back");
  if (area.dataset.ad !== data.ad) {
    area.dataset.ad = data.ad;
    area.value = data.text;
    area.setAttribute("aria-label", data.label);
    let waiting;
    area.oninput = () => {
      fit(area);
      paint(back, area.value, []);
      clearTimeout(waiting);
      waiting = setTimeout(() => setStateValue("text", area.value), WAIT_MS);
    };
  }
  if (data.text === area.value) paint(back, area.value, data.marks);
  fit(area);
}
