// Lets the reference be searched: an operation is shown when its path, names and texts hold every word.
// Swagger UI's own filter knows paths and tags alone.

function textOf(tag, one) {
  const told = ["summary", "description", "operationId"].map((name) => one.getIn(["operation", name]));
  return [tag, one.get("method"), one.get("path"), ...told].join(" ").toLowerCase();
}

function findOperations(tagged, phrase) {
  const words = phrase.toLowerCase().split(/\s+/);
  const holdsAll = (tag, one) => words.every((word) => textOf(tag, one).includes(word));
  return tagged
    .map((group, tag) => group.update("operations", (all) => all.filter((one) => holdsAll(tag, one))))
    .filter((group) => group.get("operations").size > 0);
}

function searchPlugin({ React }) {
  const Search = ({ layoutActions }) =>
    React.createElement(
      "div",
      { className: "filter wrapper" },
      React.createElement("input", {
        id: "search",
        type: "search",
        className: "operation-filter-input",
        "aria-label": "Search operations",
        placeholder: "Search: words of paths, names and descriptions, in any order",
        onChange: (event) => layoutActions.updateFilter(event.target.value.trim()),
      }),
    );
  return { fn: { opsFilter: findOperations }, components: { FilterContainer: Search } };
}
