"""The app API: one schema of all services, answered by plans compiled from the query."""

from osler.gateway.graphql.face import GraphQLFace, graphql_face

__all__ = ["GraphQLFace", "graphql_face"]
