import type { Module } from "./module.ts";
import { faultsAt, firstLine, isInSrc, judge, type Rule, type Verdict } from "./rule.ts";
import { isCode, type Tree } from "./tree.ts";

const LINES_MAX = 400;
const WIDTH_MAX = 100;
const CASTS_PER_1000_LINES_MAX = 3;

const VAGUE = /(?:^|[-._/])(utils?|helpers?|common|misc|types|managers?|services?)(?=[-._/]|$)/i;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
const UNFINISHED = /\b(TODO|FIXME|XXX)\b/;
const SILENCER = /@ts-(ignore|expect-error|nocheck)|\b(es|ox)lint-disable/;
const CONFIG = /\.config\.[cm]?[jt]s$/;
const ROUTE = /^studio\/(.*\/)?routes\//;
const URL_INSIDE = /\w+:\/\//;
/** Spelt in parts, so that this file is no breach of its own rule. */
const WORKPLACE = ["", "work", ""].join("/");

export const STYLE_RULES: readonly Rule[] = [
  { title: "every module parses", check: checkParsing },
  { title: "no file of code is over 400 lines", check: checkLength },
  { title: "no line of src is over 100 characters", check: checkWidth },
  { title: "no file or folder has a vague name", check: checkNames },
  { title: "files of src are named in kebab case", check: checkCase },
  { title: "nothing is left unfinished in a comment", check: checkUnfinished },
  { title: "no comment silences a checker", check: checkSilencers },
  { title: "nothing is exported by default but configs and routes", check: checkDefaults },
  { title: "nothing is typed any", check: seenNowhere("any", "use unknown and parse it") },
  {
    title: "nothing is asserted to be present",
    check: seenNowhere("non-null", "handle the missing case"),
  },
  { title: "casts are few and each says why", check: checkCasts },
  {
    title: "no module is mocked",
    check: seenNowhere("module mock", "use the public door and a real thing"),
  },
  {
    title: "no test is narrowed, postponed or skipped",
    check: seenNowhere("narrowed test", "run it or delete it"),
  },
  { title: "test titles state facts", check: checkTitles },
  { title: "no file speaks of the place it was written in", check: checkWorkplace },
];

function checkParsing(tree: Tree): Verdict {
  return judge(tree.modules, (module) => module.errors.map((why) => `${module.path}: ${why}`));
}

function checkLength(tree: Tree): Verdict {
  return judge(tree.files.filter(isCode), ({ path, lines }) =>
    lines.length > LINES_MAX ? [`${path} has ${lines.length} lines: cut it by noun`] : [],
  );
}

function checkWidth(tree: Tree): Verdict {
  const files = tree.files.filter((file) => isInSrc(file) && isCode(file));
  return judge(files, ({ path, lines }) =>
    lines.flatMap((line, index) => {
      const isFine = line.length <= WIDTH_MAX || URL_INSIDE.test(line);
      return isFine ? [] : [`${path}:${index + 1} has ${line.length} characters: break it`];
    }),
  );
}

function checkNames(tree: Tree): Verdict {
  return judge(tree.files, ({ path }) => {
    const vague = VAGUE.exec(path)?.[1];
    return vague === undefined ? [] : [`${path}: "${vague}" says nothing; name the noun`];
  });
}

function checkCase(tree: Tree): Verdict {
  return judge(tree.modules.filter(isInSrc), ({ path }) =>
    path.split("/").every((part) => KEBAB.test(part)) ? [] : [`${path}: use kebab-case`],
  );
}

function checkUnfinished(tree: Tree): Verdict {
  const isModule = new Set(tree.modules.map(({ path }) => path));
  const inModules = judge(tree.modules, (module) =>
    remarks(module, UNFINISHED, "finish it or write it down elsewhere"),
  );
  const others = tree.files.filter((file) => isCode(file) && !isModule.has(file.path));
  const inOthers = judge(others, ({ path, lines }) =>
    lines.flatMap((line, index) =>
      UNFINISHED.test(line) ? [`${path}:${index + 1} ${line.trim()}: finish it`] : [],
    ),
  );
  return {
    looked: inModules.looked + inOthers.looked,
    faults: [...inModules.faults, ...inOthers.faults],
  };
}

function checkSilencers(tree: Tree): Verdict {
  return judge(tree.modules, (module) => remarks(module, SILENCER, "mend what it complains of"));
}

function remarks(module: Module, pattern: RegExp, advice: string): readonly string[] {
  return module.comments
    .filter(({ text }) => pattern.test(text))
    .map(({ line, text }) => `${module.path}:${line} ${firstLine(text.trim())}: ${advice}`);
}

function checkDefaults(tree: Tree): Verdict {
  return judge(tree.modules, (module) => {
    if (CONFIG.test(module.path) || ROUTE.test(module.path)) return [];
    return faultsAt(module, "default export", "give it a name");
  });
}

function seenNowhere(kind: Parameters<typeof faultsAt>[1], advice: string): Rule["check"] {
  return (tree) => judge(tree.modules, (module) => faultsAt(module, kind, advice));
}

/** `as const` is no cast. The comment stands on the cast's lines or on the one before. */
function checkCasts(tree: Tree): Verdict {
  const modules = tree.modules.filter(isInSrc);
  let casts = 0;
  const { looked, faults } = judge(modules, (module) =>
    module.sightings.flatMap((seen) => {
      if (seen.kind !== "cast") return [];
      casts += 1;
      const isExplained = module.comments.some(
        (remark) => remark.line <= seen.endLine && remark.endLine >= seen.line - 1,
      );
      if (isExplained) return [];
      return [`${module.path}:${seen.line} ${firstLine(seen.text)}: say why this cast is safe`];
    }),
  );
  const lines = modules.reduce((sum, module) => sum + module.lines.length, 0);
  const castsMax = Math.ceil((lines * CASTS_PER_1000_LINES_MAX) / 1000);
  const excess = casts > castsMax ? [`src/ has ${casts} casts in ${lines} lines: ${castsMax}`] : [];
  return { looked, faults: [...faults, ...excess] };
}

function checkTitles(tree: Tree): Verdict {
  const titles = tree.modules.flatMap(({ path, sightings }) =>
    sightings.filter(({ kind }) => kind === "test title").map((seen) => ({ path, ...seen })),
  );
  return judge(titles, ({ path, line, text }) =>
    /\bshould\b/i.test(text) ? [`${path}:${line} ${text}: say what is, in the present`] : [],
  );
}

function checkWorkplace(tree: Tree): Verdict {
  return judge(tree.files, ({ path, lines }) =>
    lines.flatMap((line, index) =>
      line.includes(WORKPLACE) ? [`${path}:${index + 1} names a path of someone's machine`] : [],
    ),
  );
}
