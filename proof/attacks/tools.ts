/**
 * The tools of the four suites with the labels that their author would declare, knowing the tools
 * and nothing of tasks or attacks. Assumed, as any author must: the bank's own record of a transfer
 * is right about who and how much; titles in one's own calendar and drive are one's own; the list
 * of channels and colleagues is kept by the organisation. Everything that strangers write (bodies,
 * notes of incoming transfers, files' contents, pages, topics) is undeclared, so untrusted.
 */
import {
  prepareLabels,
  type PreparedLabels,
  type ToolLabels,
} from "../../src/governance/tool-labels.ts";

const events: ToolLabels = {
  output: {
    "/events/*/id": "platform",
    "/events/*/title": "user",
    "/events/*/start": "platform",
    "/events/*/participants": "directory",
  },
};

const files: ToolLabels = {
  output: {
    "/files/*/id": "platform",
    "/files/*/name": "user",
    "/files/*/size": "platform",
  },
};

const mails: ToolLabels = { output: { "/mails/*/id": "platform" } };
const messages: ToolLabels = { output: { "/messages/*/sender": "directory" } };
const own: ToolLabels["output"] = { "": "platform" };

const orders = { "/orders": "user" } as const;

export const reads: { readonly [tool: string]: ToolLabels } = {
  read_file: {},
  get_most_recent_transactions: {
    output: {
      "/sent": "user",
      "/received": "platform",
      "/received/*/subject": "untrusted",
      ...orders,
    },
  },
  get_scheduled_transactions: { output: orders },
  get_balance: { output: own },
  get_iban: { output: own },
  get_user_info: { output: own },
  get_webpage: { sensitive: { url: "destination" } },
  read_channel_messages: messages,
  read_inbox: messages,
  get_channels: { output: { "/channels/*/name": "directory" } },
  get_users_in_channel: { output: { "/users/*/name": "directory" } },
  search_emails: mails,
  get_unread_emails: mails,
  search_calendar_events: events,
  get_day_calendar_events: events,
  search_files: files,
  search_files_by_filename: files,
  list_files: files,
  get_current_day: { output: own },
  search_contacts_by_name: { output: { "": "directory", "/contacts/*/remark": "untrusted" } },
  travel_read: {},
  // Passport and card: for nobody but the person they belong to.
  get_user_information: { output: { "": { integrity: "platform", readers: [] } } },
};

export const writes: { readonly [tool: string]: ToolLabels } = {
  send_money: {
    output: own,
    sensitive: { recipient: "destination", amount: "amount", subject: "content" },
  },
  schedule_transaction: {
    output: own,
    sensitive: { recipient: "destination", amount: "amount", subject: "content" },
  },
  update_scheduled_transaction: {
    output: own,
    sensitive: { id: "selector", recipient: "destination", amount: "amount" },
  },
  update_password: { output: own, sensitive: { password: "credential" } },
  update_user_info: { output: own, sensitive: { street: "selector", city: "selector" } },
  send_direct_message: { output: own, sensitive: { recipient: "destination", body: "content" } },
  send_channel_message: { output: own, sensitive: { channel: "destination", body: "content" } },
  add_user_to_channel: { output: own, sensitive: { user: "destination", channel: "destination" } },
  invite_user_to_slack: {
    output: own,
    sensitive: { user: "selector", user_email: "destination" },
  },
  remove_user_from_slack: { output: own, sensitive: { user: "selector" } },
  post_webpage: { output: own, sensitive: { url: "destination", content: "content" } },
  send_email: {
    output: own,
    sensitive: { recipients: "destination", body: "content", subject: "content" },
  },
  delete_email: { output: own, sensitive: { email_id: "selector" } },
  create_calendar_event: { output: own, sensitive: { participants: "destination" } },
  reschedule_calendar_event: {
    output: own,
    sensitive: { event_id: "selector", new_start_time: "selector" },
  },
  add_calendar_event_participants: {
    output: own,
    sensitive: { event_id: "selector", participants: "destination" },
  },
  cancel_calendar_event: { output: own, sensitive: { event_id: "selector" } },
  delete_file: { output: own, sensitive: { file_id: "selector" } },
  share_file: { output: own, sensitive: { file_id: "selector", email: "destination" } },
  append_to_file: { output: own, sensitive: { file_id: "selector", content: "content" } },
  create_file: { output: own, sensitive: { content: "content" } },
  reserve_hotel: {
    output: own,
    sensitive: { hotel: "destination", start_day: "selector", end_day: "selector" },
  },
};

export const tools: ReadonlyMap<string, PreparedLabels> = new Map(
  [
    ...Object.entries(reads).map(([name, labels]) => ({ name, labels, isWrite: false })),
    ...Object.entries(writes).map(([name, labels]) => ({ name, labels, isWrite: true })),
  ].map(({ name, labels, isWrite }) => [name, prepareLabels({ name, isWrite }, labels)]),
);
