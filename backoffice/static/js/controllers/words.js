// Counts the words and characters of a text: of Chinese and Japanese every sign is a word, as writers there count.

const SIGNS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const WORDS = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*(?:[-'’.,][\p{L}\p{N}\p{M}]+)*/gu;
const PAUSE = 250;

export function connect(editor, signal) {
  const area = editor.querySelector("textarea");
  const place = editor.querySelector(".editor-words");
  const format = new Intl.NumberFormat(document.documentElement.lang || undefined);
  let timer = 0;
  const count = () => {
    const { words, characters } = counted(area.value);
    place.textContent = place.dataset.text.replace("{words}", format.format(words)).replace("{characters}", format.format(characters));
  };
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(count, PAUSE);
  });
  addEventListener("pageshow", count, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  count();
}

function counted(text) {
  const signs = text.match(SIGNS)?.length ?? 0;
  const words = text.replace(SIGNS, " ").match(WORDS)?.length ?? 0;
  // A sign beyond the first 65,536 is two in JavaScript.
  const pairs = text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0;
  return { words: words + signs, characters: text.length - pairs };
}
