"""What each page may know: frozen view models, filled by the handlers and read by the templates.

A view holds codes, never words: the templates find the words in the reader's language. Moments are in clinic time.
"""
