// Searches the document as the reference's page does, and prints which operations it finds for each phrase.
import { readFileSync } from "node:fs";
import immutable from "immutable";

const [script, document, ...phrases] = process.argv.slice(2);
const searchPlugin = new Function(`${readFileSync(script, "utf8")}; return searchPlugin;`)();

// The part of React and of Swagger UI's actions that the plugin uses.
const createElement = (type, props, ...below) => ({ type, props, below });
const { fn, components } = searchPlugin({ React: { createElement } });
const asked = [];
const box = components.FilterContainer({ layoutActions: { updateFilter: (text) => asked.push(text) } });
for (const phrase of phrases) box.below[0].props.onChange({ target: { value: ` ${phrase} ` } });

// As Swagger UI groups the operations: by tag, each with its path and method.
const groups = {};
for (const [path, item] of Object.entries(JSON.parse(readFileSync(document, "utf8")).paths)) {
  for (const [method, operation] of Object.entries(item)) {
    if (!operation.operationId) continue;
    for (const tag of operation.tags) (groups[tag] ??= { operations: [] }).operations.push({ path, method, operation });
  }
}
const tagged = immutable.OrderedMap(immutable.fromJS(groups));
const found = (phrase) =>
  fn.opsFilter(tagged, phrase).toList().flatMap((group) => group.get("operations"))
    .map((one) => one.getIn(["operation", "operationId"])).toJS();
console.log(JSON.stringify(Object.fromEntries(asked.map((phrase) => [phrase, found(phrase)]))));
