"""The only package that imports the Docker SDK: values in and out, SDK objects stay here."""
