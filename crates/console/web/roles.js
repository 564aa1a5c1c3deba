// Who may do something to orders, jobs and stock; the others look on. (docs/access.md has the whole of it, and the API decides.)

export const WORKERS = ["PLATFORM", "OWNER", "CLERK"];
