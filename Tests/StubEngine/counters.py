"""What was asked of a cluster, and in sum of all."""


class Counters:
    """Counters that only grow, but for the views open now. What is added here is added to the `whole` as well."""

    def __init__(self, whole=None):
        self.whole = whole
        self.requests = {}
        self.documents_read = 0
        self.documents_written = 0
        # Pages with documents, and those of them that began a view.
        self.pages = 0
        self.first_pages = 0
        self.views_opened = 0
        self.views_open = 0
        self.most_views_open = 0

    def count(self, kind):
        self.requests[kind] = self.requests.get(kind, 0) + 1
        if self.whole:
            self.whole.count(kind)

    def read(self, documents, is_first):
        if documents:
            self.documents_read += documents
            self.pages += 1
            self.first_pages += is_first
            if self.whole:
                self.whole.read(documents, is_first)

    def wrote(self, documents):
        self.documents_written += documents
        if self.whole:
            self.whole.wrote(documents)

    def view_opened(self):
        self.views_opened += 1
        self.views_open += 1
        self.most_views_open = max(self.most_views_open, self.views_open)
        if self.whole:
            self.whole.view_opened()

    def view_closed(self):
        self.views_open -= 1
        if self.whole:
            self.whole.view_closed()

    def json(self):
        return {
            "requests": self.requests,
            "documentsRead": self.documents_read,
            "documentsWritten": self.documents_written,
            "pages": self.pages,
            "firstPages": self.first_pages,
            "viewsOpened": self.views_opened,
            "viewsOpen": self.views_open,
            "mostViewsOpen": self.most_views_open,
        }
