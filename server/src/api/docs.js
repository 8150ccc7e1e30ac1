"use strict";
// Draws /openapi.json as a page. Text goes in as text, never as markup.
const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
};

const schemaOf = (content) => Object.values(content ?? {})[0]?.schema?.$ref?.split("/").pop();

const shape = (title, name, schemas) => {
  const part = element("div");
  if (!name) return part;
  part.append(element("p", `${title}: ${name}`), element("pre", JSON.stringify(schemas[name], null, 2)));
  return part;
};

const operation = (path, verb, about, schemas) => {
  const entry = element("details");
  entry.id = about.operationId;
  const head = element("summary");
  head.append(element("span", verb.toUpperCase(), "verb"), element("code", path));
  head.append(element("span", about["x-role"] ? `key: ${about["x-role"]}` : "", "role"));
  const body = element("div");
  body.append(element("p", about.summary));
  const table = element("table");
  for (const parameter of about.parameters) {
    const row = element("tr");
    const name = element("td");
    name.append(element("code", parameter.name));
    row.append(name, element("td", parameter.description), element("td", parameter.in + (parameter.required ? ", needed" : "")));
    table.append(row);
  }
  body.append(table);
  body.append(shape("Takes", schemaOf(about.requestBody?.content), schemas));
  body.append(shape("Gives", schemaOf(about.responses["200"].content), schemas));
  entry.append(head, body);
  return entry;
};

const problems = (codes) => {
  const table = element("table");
  for (const { code, status, title } of codes) {
    const row = element("tr");
    row.id = code;
    const name = element("td");
    name.append(element("code", code));
    row.append(name, element("td", status), element("td", title));
    table.append(row);
  }
  return table;
};

const draw = (api) => {
  const groups = new Map();
  for (const [path, verbs] of Object.entries(api.paths)) {
    for (const [verb, about] of Object.entries(verbs)) {
      const tag = about.tags[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(path, verb, about, api.components.schemas));
    }
  }
  const main = document.getElementById("operations");
  main.replaceChildren();
  for (const [tag, entries] of groups) main.append(element("h2", tag), ...entries);
  main.append(element("h2", "errors"), problems(api["x-problem-codes"]));
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
};

fetch("/openapi.json")
  .then((answer) => answer.json())
  .then(draw)
  .catch((error) => {
    document.getElementById("operations").textContent = `Cannot be read: ${error}`;
  });
