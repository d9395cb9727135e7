/**
 * A real Chromium, and the pages that it opens; what a page complains of is kept.
 *
 * @module
 */

import { type BrowserContext, chromium, type Page } from "playwright-core";
import { tempDir } from "../support/temp.ts";

const CHROMIUM = "/usr/bin/chromium";

/** How a page is looked at. */
export interface View {
  /** Pixels from left to right. */
  width: number;
  /** What the system prefers. */
  scheme: "light" | "dark";
}

/** The views that the page is looked at in. */
export const VIEWS: Record<string, View> = {
  desktop: { width: 1280, scheme: "light" },
  "desktop-dark": { width: 1280, scheme: "dark" },
  phone: { width: 375, scheme: "light" },
  "phone-dark": { width: 375, scheme: "dark" },
};

/** True if there is a Chromium to test with. */
export function hasChromium(): boolean {
  try {
    return Deno.statSync(CHROMIUM).isFile;
  } catch {
    return false;
  }
}

/** Opens `url`, lets `look` see the page, and returns what the page complained of. */
export async function withPage(
  url: string,
  view: View,
  look: (page: Page, complaints: string[]) => Promise<void>,
): Promise<string[]> {
  await using profile = tempDir();
  const context: BrowserContext = await chromium.launchPersistentContext(
    profile.path,
    {
      executablePath: CHROMIUM,
      headless: true,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
      viewport: { width: view.width, height: 812 },
      colorScheme: view.scheme,
      // Where a test runs must not matter to what the pictures show.
      timezoneId: "UTC",
      locale: "en-GB",
    },
  );
  try {
    const page = context.pages()[0] ?? await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) {
        complaints.push(message.text());
      }
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      const other = new URL(request.url());
      if (other.protocol !== "data:" && other.origin !== new URL(url).origin) {
        complaints.push(`asks for ${request.url()}`);
      }
    });
    await page.goto(url);
    await look(page, complaints);
    return complaints;
  } finally {
    await context.close();
  }
}
