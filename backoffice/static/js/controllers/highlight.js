// Marks what was searched for inside the cells, without touching the document, by the rules of the search itself:
// width, case and accents do not count, a word is found where a word begins, and Chinese anywhere.

const unseen = /[\p{Cf}\ufe00-\ufe0f]/gu;
// Kana keep their voice marks: with them it is another syllable.
const accents = /(?![\u3099\u309a])\p{Mn}/gu;
// Scripts without spaces: there every character begins something. Hangul may be part of one.
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Bopomofo}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}ー]/u;
const letter = /[\p{L}\p{N}]/u;

export function connect(element, signal) {
  const words = fold(element.dataset.highlight ?? "").text.split(/\s+/).filter(Boolean);
  if (!words.length || !CSS.highlights) return;
  const ranges = [];
  for (const cell of element.querySelectorAll(".records td")) {
    const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) ranges.push(...found(walker.currentNode, words));
  }
  CSS.highlights.set("found", new Highlight(...ranges));
  signal.addEventListener("abort", () => CSS.highlights.delete("found"));
}

// The text as it is compared, and from which place of the original each of its characters came.
function fold(original) {
  const places = [];
  let text = "";
  let at = 0;
  for (const character of original) {
    const plain = plainly(character);
    text += plain;
    for (let i = 0; i < plain.length; i++) places.push(at);
    at += character.length;
  }
  return { text, places };
}

function plainly(character) {
  if (character < "\x80") return character.toLowerCase();
  const compared = character.normalize("NFKC").toLowerCase().replaceAll("ß", "ss");
  return compared.replace(unseen, "").normalize("NFD").replace(accents, "").normalize("NFC");
}

function* found(node, words) {
  const { text, places } = fold(node.data);
  for (const word of words) {
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
      if (!begins(text, at)) continue;
      const range = new Range();
      range.setStart(node, places[at]);
      range.setEnd(node, places[at + word.length] ?? node.length);
      yield range;
    }
  }
}

// Whether a word, a sign or a character of a script without spaces begins here.
function begins(text, at) {
  const [here, before] = [text[at], text[at - 1]];
  if (before === undefined || !letter.test(here) || !letter.test(before)) return true;
  return unspaced.test(here) || unspaced.test(before) || here < "\x80" !== before < "\x80";
}
