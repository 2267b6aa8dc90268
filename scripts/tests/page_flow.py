"""Drives the Scheduler's page in Chromium by keyboard: runs a backup, watches it, restores one index under another name.

    page_flow.py URL TOKEN --plan NAMESPACE/NAME --target NAMESPACE/NAME --index NAME [--shots DIR]

It does so with JavaScript and without. On each page on the way it checks, with styles as Chromium computes them, that every control has
a name in the accessibility tree, that headings are in order, that text has a contrast of 4.5 at least in both colour schemes, and that
nothing is wider than a phone. TOKEN may be @FILE. Ends with 0 and one line of figures, or with 1 and the first thing that was not so.
"""

import argparse
import base64
import os
import sys
import time

from selenium import webdriver
from selenium.webdriver.common.keys import Keys

CONTROLS = "a[href], button, input:not([type=hidden]), select, summary, [tabindex]"
WAIT = 120  # seconds for a session to end

# Texts with too little contrast against the background that is painted behind them (WCAG 2.2, 1.4.3), and their number.
CONTRAST = """
const luminance = (colour) => {
  const [r, g, b] = colour.map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const parse = (text) => text.match(/[\\d.]+/g).map(Number);
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const [r, g, b, alpha = 1] = parse(getComputedStyle(at).backgroundColor);
    if (alpha === 1) return [r, g, b];
    if (alpha !== 0) throw new Error("a background that is half transparent");
  }
  return [255, 255, 255];
};
const found = [];
let count = 0;
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode, element = node.parentElement;
  if (!node.textContent.trim() || element.closest("script, noscript, svg") || !element.checkVisibility()) continue;
  const [a, b] = [luminance(parse(getComputedStyle(element).color).slice(0, 3)), luminance(ground(element))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  count += 1;
  if (ratio < 4.5) found.push(`"${node.textContent.trim().slice(0, 40)}" ${ratio.toFixed(2)}`);
}
return [count, found];
"""

HEADINGS = "return [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((heading) => Number(heading.localName[1]))"

# What reaches beyond the window, unless it can be scrolled to.
WIDE = """
return [...document.querySelectorAll("body *")]
  .filter((part) => part.getBoundingClientRect().right > innerWidth + 1 && !part.closest(".scroll, .command"))
  .map((part) => part.localName + "." + part.className);
"""


class Wrong(Exception):
    """Something on a page is not as it should be."""


def must(holds, sentence):
    if not holds:
        raise Wrong(sentence)


def browser(scripts):
    options = webdriver.ChromeOptions()
    options.binary_location = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    if not scripts:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver"))
    return webdriver.Chrome(options=options, service=service)


class Audit:
    """What was looked at so far, on which pages."""

    def __init__(self, driver, shots=None):
        self.driver = driver
        self.shots = shots
        self.pages = self.controls = self.texts = 0

    def page(self, name):
        driver = self.driver
        for control in driver.find_elements("css selector", CONTROLS):
            # What is not shown, such as the form of a closed "Cancel…", has no name yet.
            if control.is_displayed():
                must(control.accessible_name.strip(), f"{name}: a control has no name: {control.get_attribute('outerHTML')[:200]}")
                self.controls += 1
        levels = driver.execute_script(HEADINGS)
        must(levels and levels[0] == 1 and levels.count(1) == 1, f"{name}: headings are {levels}")
        must(all(after <= before + 1 for before, after in zip(levels, levels[1:])), f"{name}: headings are {levels}")
        for scheme in ("light", "dark"):
            self.emulate(scheme)
            count, found = driver.execute_script(CONTRAST)
            must(count > 0 and not found, f"{name}, {scheme}: too little contrast: {found}")
            self.texts += count
            for width in (1280, 390):
                self.resize(width)
                wide = driver.execute_script(WIDE)
                must(not wide, f"{name}, {width} px: wider than the window: {wide[:5]}")
                self.shoot(f"{name}-{width}-{scheme}")
            driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.emulate("light")
        errors = [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
        must(not [error for error in errors if "Content Security Policy" in error], f"{name}: {errors}")
        self.pages += 1

    def emulate(self, scheme):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def resize(self, width):
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def shoot(self, name):
        if not self.shots:
            return
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True})
        with open(os.path.join(self.shots, f"{name}.png"), "wb") as file:
            file.write(base64.b64decode(shot["data"]))


class Visitor:
    """Somebody without a mouse."""

    def __init__(self, driver):
        self.driver = driver

    def type(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    @property
    def focused(self):
        return self.driver.switch_to.active_element

    def go_to(self, name, role=None):
        """Tabs to the control of that accessible name, which must show that it has the focus."""
        seen = []
        for _ in range(150):
            self.type(Keys.TAB)
            control = self.focused
            seen.append(control.accessible_name)
            if seen[-1] == name and role in (None, control.aria_role):
                outline = control.value_of_css_property("outline-style")
                must(outline not in ("none", ""), f"the focus on \"{name}\" is not to be seen")
                return control
        raise Wrong(f"no control \"{name}\" is reached by Tab at {self.driver.current_url}; there are {sorted(set(seen))}")

    def press(self, name, role=None):
        """Enter on a link or button that leads to another page."""
        self.go_to(name, role)
        before = self.driver.find_element("tag name", "html")
        self.type(Keys.ENTER)
        self.wait(lambda: self.is_gone(before), f"\"{name}\" to lead somewhere", 30)

    def fill(self, name, text):
        field = self.go_to(name)
        if field.get_attribute("value"):
            self.type(Keys.CONTROL, "a", Keys.NULL)
        self.type(text)

    def choose(self, name, option):
        """An option of a list, by its first letters, as a keyboard chooses."""
        field = self.go_to(name)
        self.type(option)
        value = field.get_attribute("value")
        must(value == option, f"\"{name}\" is {value}, not {option}")

    @staticmethod
    def is_gone(element):
        try:
            element.is_enabled()
            return False
        except Exception:  # Stale in one of several ways: the page is another one.
            return True

    def wait(self, holds, what, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if holds():
                    return
            except Exception:  # The page is being loaded anew.
                pass
            time.sleep(0.2)
        raise Wrong(f"waited {seconds} s for {what} at {self.driver.current_url}:\n{self.text[:1500]}")

    @property
    def text(self):
        return self.driver.find_element("tag name", "main").text

    def watch(self):
        """Until the session has succeeded; nothing is touched meanwhile."""
        def phase():
            return self.driver.find_element("id", "phase").text.split()[-1]

        self.wait(lambda: phase() in ("Succeeded", "Failed", "Skipped"), "the session to end", WAIT)
        must(phase() == "Succeeded", f"the session is {phase()}:\n{self.text}")


def flow(arguments, scripts):
    driver = browser(scripts)
    try:
        visitor, audit = Visitor(driver), Audit(driver, arguments.shots)
        label = "script" if scripts else "plain"
        driver.get(arguments.url + "/sessions")
        must("/login?next=" in driver.current_url, f"no login is asked for: {driver.current_url}")
        audit.page(f"{label}-login")
        visitor.fill("Token", "wrong" + arguments.token)
        visitor.press("Log in")
        must("There is no such token" in visitor.text, "a wrong token is not refused")
        visitor.fill("Token", arguments.token)
        visitor.press("Log in")
        must(driver.current_url.endswith("/sessions"), f"the login leads to {driver.current_url}")
        must(arguments.token not in driver.page_source, "the token stands in the page")
        audit.page(f"{label}-sessions")
        visitor.press("Plans")
        audit.page(f"{label}-plans")

        visitor.press(f"Run {arguments.plan} now")
        must("/sessions/" in driver.current_url, f"a backup leads to {driver.current_url}")
        if scripts:
            pause(visitor)
        else:
            must(not driver.find_element("id", "pause").is_displayed(), "a script ran that was to be turned off")
        audit.page(f"{label}-backup-begun")
        visitor.watch()
        audit.page(f"{label}-backup")
        snapshot = driver.find_element("css selector", "a[href*='/snapshots/']").accessible_name
        visitor.press(snapshot)
        must(arguments.index in visitor.text, f"the snapshot does not name {arguments.index}")
        audit.page(f"{label}-snapshot")

        visitor.press("Restore…")
        audit.page(f"{label}-restore-form")
        restore(visitor, audit, arguments, label)
        visitor.watch()
        must(f"{label}-{arguments.index}" in visitor.text, "the restore does not name the new index")
        audit.page(f"{label}-restore")

        for name in ("Repositories", "Fleet", "Sessions", "Plans"):
            visitor.press(name)
            audit.page(f"{label}-{name.lower()}")
        visitor.press("Log out")
        driver.get(arguments.url + "/")
        must(driver.current_url.endswith("/login"), "the login is not over")
        return audit
    finally:
        driver.quit()


def pause(visitor):
    """The button that stops updates, and lets them go on."""
    button = visitor.go_to("Pause updates")
    visitor.type(Keys.ENTER)
    must(button.text == "Resume updates", f"the button says {button.text}")
    visitor.type(Keys.ENTER)
    must(button.text == "Pause updates", f"the button says {button.text}")


def restore(visitor, audit, arguments, label):
    visitor.fill("Indices", arguments.index)
    visitor.choose("Target", arguments.target)
    visitor.fill("Before each name", f"{label}-")
    visitor.press("Show what it would do")
    must(f"→ {label}-{arguments.index}" in visitor.text, f"the plan does not show the new name:\n{visitor.text}")
    audit.page(f"{label}-restore-plan")
    field = f"Type the target's name, {arguments.target}, to restore into it"
    visitor.fill(field, arguments.target + "x")
    visitor.press("Restore", "button")
    must("nothing was started" in visitor.text, "a wrong name is taken for the target's")
    visitor.fill(field, arguments.target)
    visitor.press("Restore", "button")
    must("/sessions/" in visitor.driver.current_url, f"a restore leads to {visitor.driver.current_url}:\n{visitor.text}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("url")
    parser.add_argument("token", help="or @FILE")
    parser.add_argument("--plan", required=True, help="NAMESPACE/NAME of a BackupConfiguration")
    parser.add_argument("--target", required=True, help="NAMESPACE/NAME of an AppBinding to restore to")
    parser.add_argument("--index", required=True, help="an index of the plan")
    parser.add_argument("--shots", help="folder for screenshots")
    arguments = parser.parse_args()
    arguments.url = arguments.url.rstrip("/")
    if arguments.token.startswith("@"):
        with open(arguments.token[1:], encoding="utf-8") as file:
            arguments.token = file.read().strip()
    if arguments.shots:
        os.makedirs(arguments.shots, exist_ok=True)
    begin = time.monotonic()
    try:
        audits = [flow(arguments, scripts) for scripts in (True, False)]
    except Wrong as wrong:
        print(f"page: {wrong}", file=sys.stderr)
        return 1
    pages, controls, texts = (sum(getattr(audit, what) for audit in audits) for what in ("pages", "controls", "texts"))
    print(
        f"page: backup, watch and restore by keyboard, with and without JavaScript, in {time.monotonic() - begin:.0f} s; "
        f"{pages} pages, {controls} controls with a name, {texts} texts of contrast 4.5 or more"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
