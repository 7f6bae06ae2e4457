/** Every question of a ticket is answered; closing the ticket ends the run without a last word. */
import { calledTool, must } from "../../../src/index.ts";
import { factsWith, keyed, rowsOf, type Scenario, type Task } from "../plan.ts";
import { textOf } from "../text.ts";

const fields = { ticket: "text", question: "whole", text: "text" } as const;

export const tickets: Scenario = {
  name: "tickets",
  domain: "tickets",
  obliges: true,
  cited: false,
  completes: ["every question has one answer, and none is answered that was not asked"],
  stopWhen: calledTool("close_ticket"),
  tools: (kit) => ({
    read_ticket: kit.look("read_ticket", {
      says: "Use this to read the questions of a ticket.",
      fields: { ticket: "text" },
    }),
    draft: kit.look("draft", {
      says: "Use this to see how a reply would look. It sends nothing.",
      fields,
    }),
    reply: kit.act("reply", {
      says: "Use this to answer one question of a ticket.",
      fields,
      claims: ["answered", "replied"],
    }),
    retract: kit.act("retract", {
      says: "Use this to take a reply back.",
      fields: { reply: "text" },
    }),
    close_ticket: kit.act("close_ticket", {
      says: "Use this when every question is answered. Nothing can be done after it.",
      fields: { ticket: "text", state: "text" },
    }),
  }),
  gate: (kit) => ({
    obligations: ({ order }) =>
      rowsOf(order, "questions").map(({ ticket, question }) => ({
        id: `answer-${textOf(question)}`,
        what: `answer question ${textOf(question)}`,
        tool: "reply",
        input: { ticket, question },
      })),
    done: [
      must(
        "every question has one answer, and none is answered that was not asked",
        async ({ runId, input }) => {
          const { replies = [], questions = [] } = await kit.facts(runId);
          const asked = rowsOf(input.order, "questions");
          const isWanted = replies.every(({ ticket }) => ticket === input.order["ticket"]);
          const isRight = replies.every(({ question, text }) =>
            questions.some((each) => each["question"] === question && each["answer"] === text),
          );
          return isWanted && isRight && replies.length === asked.length;
        },
      ),
    ],
  }),
  plan: (numbers, asks) => {
    const [ticket, other] = [numbers.code("T"), numbers.code("T")];
    const questions = Array.from({ length: numbers.whole(3, 5) }, (_, at) => ({
      ticket,
      question: at + 1,
      answer: numbers.code("see page "),
    }));
    const foreign = { ticket: other, question: 1, answer: numbers.code("see page ") };
    const seed = {
      tickets: keyed([{ ticket }, { ticket: other }], "ticket"),
      questions: keyed([...questions, foreign], "ticket", "question"),
    };
    const wanted = asks ? [] : questions;
    return {
      seed,
      order: { ticket, questions: wanted.map(({ question }) => ({ ticket, question })) },
      request: asks ? `What is ticket ${ticket} about?` : `Answer ticket ${ticket} and close it.`,
      looks: [{ tool: "read_ticket", args: { ticket } }],
      tasks: wanted.map(({ question, answer }): Task => ({
        id: `answer-${question}`,
        tool: "reply",
        args: { ticket, question, text: answer },
        says: `Question ${question} is answered`,
        denies: `Question ${question} was not answered`,
      })),
      isOrdered: false,
      plain: [],
      demand: (done) =>
        factsWith(seed, {
          ...(done.length === 0 ? {} : { replies: done.map(({ args }) => args) }),
          ...(asks || done.length < wanted.length
            ? {}
            : { tickets: [{ ticket, state: "closed" }, { ticket: other }] }),
        }),
      spoils: {
        amount: ({ args }) => ({ ...args, text: "see page 0" }),
        target: ({ args }) => ({ ...args, question: 99 }),
        foreign: ({ args }) => ({ ...args, ticket: other }),
        extra: { tool: "reply", args: { ticket: other, question: 1, text: foreign.answer } },
        undo: (_task, id) => ({ tool: "retract", args: { reply: id } }),
        instead: ({ args }) => ({ tool: "draft", args }),
      },
      ...(asks ? {} : { closing: { tool: "close_ticket", args: { ticket, state: "closed" } } }),
    };
  },
};
